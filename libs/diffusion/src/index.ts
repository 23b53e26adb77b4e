export type { Denoiser, DenoiserInfo } from "./denoiser.js";
export { sizeOf, type Tensor } from "./tensor.js";
