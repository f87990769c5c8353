/** Shows the view `Data`. */
export function DatasetView() {
  return <p>Nothing to show.</p>;
}
