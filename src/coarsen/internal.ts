/** Exports what other rooms of this package use and users do not need. */

export { AgreementCounter, formatAgreement } from './label-agreement.js';
