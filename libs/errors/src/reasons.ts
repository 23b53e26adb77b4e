/** @file Why something failed: one row per reason of the contract's `ErrorReason`, and the kind of failure it is. */

/** What a failure means to whoever asked. gRPC status, HTTP status and exit code each derive from it, once, at their border. */
export type ErrorKind =
  | "invalid" // the request is wrong; repeating it cannot help
  | "missing" // the named thing does not exist
  | "conflict" // it exists already, or was used otherwise
  | "state" // right request, wrong moment: the state must change first
  | "denied" // not permitted
  | "busy" // over a limit; later, or less
  | "damaged" // bytes are not what they should be
  | "range" // past the end
  | "aborted" // the work was lost on the way
  | "unavailable" // the other side cannot be reached now
  | "broken" // computed, and the result is unusable
  | "unsupported"; // this server does not do that

/** Every reason of the contract (proto/tandem/v1/error.proto) with its kind. */
export const reasons = {
  TENSOR_SIZE_MISMATCH: "invalid",
  SHAPE_MISMATCH: "invalid",
  DATA_TYPE_UNSUPPORTED: "invalid",
  BATCH_TOO_LARGE: "invalid",
  LABEL_OUT_OF_RANGE: "invalid",
  FIELD_INVALID: "invalid",
  PROTOCOL_VIOLATION: "invalid",
  UNSAFE_FILE: "invalid",
  CHECKSUM_MISMATCH: "damaged",
  RESOURCE_NOT_FOUND: "missing",
  MODEL_NOT_READY: "state",
  MODEL_INCOMPATIBLE: "state",
  JOB_STATE: "state",
  DATASET_INVALID: "state",
  TOO_FEW_IMAGES: "state",
  REQUEST_ID_REUSED: "conflict",
  OUTPUT_EXISTS: "conflict",
  URI_NOT_ALLOWED: "denied",
  TOKEN_REFUSED: "denied",
  QUEUE_FULL: "busy",
  LIMIT_EXCEEDED: "busy",
  OUT_OF_MEMORY: "busy",
  OFFSET_OUT_OF_RANGE: "range",
  WORKER_LOST: "aborted",
  SERVER_UNAVAILABLE: "unavailable",
  NOT_FINITE: "broken",
  NOT_SUPPORTED: "unsupported",
  PROVIDER_UNAVAILABLE: "state",
} as const satisfies Record<string, ErrorKind>;

/** Name of a reason, as on the wire in ErrorInfo.reason. */
export type Reason = keyof typeof reasons;
