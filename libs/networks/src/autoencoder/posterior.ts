/** @file The posterior of an image's latents: a Gaussian for each of them (numerics, section 8). */

/** Bounds of a log variance: beyond them exp leaves float32's useful range. */
const [lowest, highest] = [-30, 20];

/**
 * Means and standard deviations, as latent datasets store them, from means and log variances, in place.
 * @param moments [N,2L,h,w] as the encoder gives them
 * @param half    elements of one sample's means: L h w
 */
export function toPosterior(moments: Float32Array, half: number): void {
  for (let sample = 0; sample < moments.length; sample += 2 * half)
    for (let i = sample + half; i < sample + 2 * half; i++)
      moments[i] = Math.exp(0.5 * Math.min(Math.max(moments[i]!, lowest), highest));
}

/**
 * Raw latents mean + std n [N,L,h,w] of a posterior [N,2L,h,w].
 * @param normals standard normal numbers, one a latent
 */
export function samplePosterior(posterior: Float32Array, half: number, normals: Float32Array): Float32Array {
  return normals.map((normal, i) => {
    const mean = i + Math.floor(i / half) * half;
    return posterior[mean]! + Math.fround(posterior[mean + half]! * normal);
  });
}
