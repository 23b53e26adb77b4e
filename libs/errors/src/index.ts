export { DomainError, type ErrorDetails, invalid } from "./domain-error.js";
export { type ErrorKind, type Reason, reasons } from "./reasons.js";
