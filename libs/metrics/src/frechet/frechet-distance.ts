/** @file The Fréchet distance between Gaussians: what FID and FD-DINOv2 are. */
import { DomainError } from "@tandem/errors";
import { checkGaussian, type Gaussian } from "../gaussian.js";
import { inBackground } from "../thread/background.js";

/**
 * |mu1 - mu2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2) (Heusel et al. 2017, arXiv 1706.08500, eq. 6).
 * Fewer images than features, and features that do not vary, are cases like any other. Equal sets give 0 within rounding, possibly
 * below it. It takes a thread for a second or two at 2,048 features, and about 60 d^2 bytes.
 * @throws DomainError SHAPE_MISMATCH when the widths differ, TOO_FEW_IMAGES, NOT_FINITE
 */
export async function frechetDistance(a: Gaussian, b: Gaussian): Promise<number> {
  checkGaussian(a, "first statistics");
  checkGaussian(b, "second statistics");
  const dim = a.mu.length;
  if (b.mu.length !== dim)
    throw new DomainError(
      "SHAPE_MISMATCH",
      `statistics of ${dim} features cannot be compared with those of ${b.mu.length}`,
    );
  let distance = 0;
  for (let i = 0; i < dim; i++) distance += (a.mu[i]! - b.mu[i]!) ** 2;
  let trace = 0;
  for (let i = 0; i < dim; i++) trace += a.sigma[i * (dim + 1)]! + b.sigma[i * (dim + 1)]!;
  // The one of fewer images first: its rank is all that the rest costs. 0 images are unknown.
  const [first, second] = (b.numImages || Infinity) < (a.numImages || Infinity) ? [b, a] : [a, b];
  // Copies that move to the thread: a message would hold another pair of them on its way.
  const input = { dim, first: new Float64Array(first.sigma), second: new Float64Array(second.sigma) };
  const root = await inBackground("rootTrace", input, [input.first.buffer, input.second.buffer]);
  return distance + trace - 2 * root;
}
