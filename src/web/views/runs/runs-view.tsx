/** Shows the view `Runs`. */
export function RunsView() {
  return <p>Nothing to show.</p>;
}
