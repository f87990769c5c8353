/** Exports what other rooms of this package use and users do not need. */

export { labelErrorKinds } from './inject-errors.js';
export { AgreementCounter, formatAgreement } from './label-agreement.js';
