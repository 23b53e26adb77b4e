export { MAX_INPUTS, type Solution, solveCoefficients } from "./coefficients.js";
export { parseEmaLengths } from "./ema-lengths.js";
export { correlation, density, type EmaProfile, response, toPower } from "./ema-profile.js";
export { emaBeta, exponentOf, MAX_STD, stdOf } from "./profile.js";
export {
  type ReconstructionOptions,
  type ReconstructionTarget,
  reconstruct,
} from "./reconstruct/reconstruct.js";
export { openSnapshot, placedSnapshot, type StoredSnapshot } from "./reconstruct/stored-snapshot.js";
export { imageCountOfKimg, parseSnapshotName, type SnapshotName, snapshotName } from "./snapshot-name.js";
export { PowerFunctionEma } from "./tracker.js";
export { warningsOf } from "./warnings.js";
