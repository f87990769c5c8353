/** Shows the view `Plan`. */
export function PlanView() {
  return <p>Nothing to show.</p>;
}
