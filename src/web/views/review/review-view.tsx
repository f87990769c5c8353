/** Shows the view `Review`. */
export function ReviewView() {
  return <p>Nothing to show.</p>;
}
