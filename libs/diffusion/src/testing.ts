/** @file For tests of this package and of packages that bring their own denoisers. */
export { type DenoiserSubject, denoiserSuite } from "./testing/denoiser-suite.js";
export {
  type GaussianOptions,
  gaussianDenoised,
  gaussianDenoiser,
  gaussianEvaluator,
  gaussianInfo,
} from "./testing/gaussian.js";
