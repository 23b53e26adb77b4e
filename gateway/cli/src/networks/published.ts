/** @file The published networks' architectures by name: what their weights need not be fetched for (arXiv 2312.02696, table 6). */
import { type NetworkConfig, networkConfig } from "@tandem/networks";

/** Base channels by size. */
const sizes: Record<string, number> = { xxs: 64, xs: 128, s: 192, m: 256, l: 320, xl: 384, xxl: 448 };

/** Samples by dataset: latents of 512x512 ImageNet, and pixels of 64x64 ImageNet. */
const datasets: Record<string, { imgResolution: number; imgChannels: number }> = {
  img512: { imgResolution: 64, imgChannels: 4 },
  img64: { imgResolution: 64, imgChannels: 3 },
};

const IMAGENET_CLASSES = 1000;

/**
 * The architecture behind a published name: `edm2-img512-xs`, also with more behind it as in `edm2-img512-s-uncond-autog-fid`
 * or a file's name; then that of the main network. Undefined for other names.
 */
export function publishedArchitecture(name: string): NetworkConfig | undefined {
  const [, dataset = "", size = "", uncond] = /^(?:edm2-)?(img\d+)-(x*[sml])(-uncond)?(?:-|$)/.exec(name) ?? [];
  const [sample, modelChannels] = [datasets[dataset], sizes[size]];
  if (!sample || modelChannels === undefined) return undefined;
  return networkConfig({ kind: "edm2_unet", ...sample, modelChannels, labelDim: uncond ? 0 : IMAGENET_CLASSES });
}

/** Names that are understood, for messages. */
export const publishedNames = "edm2-img512-{xxs,xs,s,m,l,xl,xxl} or edm2-img64-{xs,s,m,l,xl}, with -uncond";
