/** What a sample is: images are PNG files, latents .npy files. */
export type SampleKind = "images" | "latents";

/** The name of sample `index`: `00000/img00000000.png`, 1000 in a folder. */
export function sampleName(kind: SampleKind, index: number): string {
  const folder = String(Math.floor(index / 1000)).padStart(5, "0");
  const number = String(index).padStart(8, "0");
  return kind === "images" ? `${folder}/img${number}.png` : `${folder}/img-mean-std-${number}.npy`;
}
