/** Shows the view `Clicks`. */
export function ClicksView() {
  return <p>Nothing to show.</p>;
}
