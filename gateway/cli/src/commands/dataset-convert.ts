/** @file `tandem dataset convert`: pictures into a dataset. */
import { DatasetTransform, LabelSource } from "@tandem/contracts";
import { type Command, InvalidArgumentError } from "commander";
import type { Context } from "../context.js";
import { makeDataset } from "../dataset/make.js";
import { sourceUri } from "../dataset/options.js";
import { type OutputOptions, outputOptions, toDatasetSpec } from "../dataset/output-options.js";
import { integer, oneOf } from "../option-values.js";

const transforms = {
  none: DatasetTransform.DATASET_TRANSFORM_UNSPECIFIED,
  "center-crop": DatasetTransform.DATASET_TRANSFORM_CENTER_CROP,
  "center-crop-wide": DatasetTransform.DATASET_TRANSFORM_CENTER_CROP_WIDE,
  "center-crop-dhariwal": DatasetTransform.DATASET_TRANSFORM_CENTER_CROP_DHARIWAL,
} as const;
const labelSources = {
  auto: LabelSource.LABEL_SOURCE_UNSPECIFIED,
  json: LabelSource.LABEL_SOURCE_JSON,
  folders: LabelSource.LABEL_SOURCE_FOLDERS,
  none: LabelSource.LABEL_SOURCE_NONE,
} as const;

interface ConvertOptions extends OutputOptions {
  transform: keyof typeof transforms;
  resolution?: readonly [width: number, height: number];
  allowAnySize: boolean;
  labels?: string;
  labelSource: keyof typeof labelSources;
  skipBad: boolean;
  workers?: number;
}

export const datasetConvert = {
  usage: "convert",
  description: `A dataset of equal images from pictures: cropped, resized, packed, with their labels.

Sources are folders and ZIP files of PNG, JPEG and WebP at any depth; CIFAR-10 and CIFAR-100 as their archives or unpacked; MNIST and
its kin as idx files; NumPy arrays of uint8. Resampling equals Pillow's, bit for bit. Interrupted, the same command goes on where it
was.`,
  example:
    "tandem dataset convert --source photos --dest photos.zip --transform center-crop-dhariwal --resolution 64x64",
  options: (command: Command) =>
    outputOptions(command, "the pictures: a folder, a ZIP file, CIFAR's or MNIST's files, an .npy array")
      .option(
        "--transform <name>",
        `crop before resizing: ${Object.keys(transforms).join(", ")}`,
        oneOf(...(Object.keys(transforms) as (keyof typeof transforms)[])),
        "none",
      )
      .option(
        "--resolution <WxH>",
        "size of the images in pixels, 1 to 8192 each; crops need it (default: as they are)",
        resolution,
      )
      .option("--allow-any-size", "also images that are not square, or whose side is no power of two", false)
      .option(
        "--labels <file>",
        "labels by name: like dataset.json, lines of name,label or name,x,y,...; or an .npy array in sorted order",
      )
      .option(
        "--label-source <source>",
        "where labels come from without a file: auto (dataset.json, else folders), json, folders, none",
        oneOf(...(Object.keys(labelSources) as (keyof typeof labelSources)[])),
        "auto",
      )
      .option(
        "--skip-bad",
        "leave out pictures that cannot be used, and list them; else the first ends the command",
        false,
      )
      .option("--workers <n>", "pictures worked on at once, 1 to 64 (default: the machine's cores)", integer(1, 64))
      .option("--contact-sheet <file>", "a PNG of 64 of the images; replaced when it is there"),
  async action(context: Context, options: ConvertOptions) {
    const { resolution: [width, height] = [0, 0], labels, transform, labelSource } = options;
    const value = {
      transform: transforms[transform],
      width,
      height,
      allowAnySize: options.allowAnySize,
      labelSource: labelSources[labelSource],
      labels: labels === undefined ? undefined : { uri: await sourceUri("labels", labels), sha256: "" },
      skipBad: options.skipBad,
      workers: options.workers ?? 0,
    };
    const spec = await toDatasetSpec(options, { $case: "convert", value });
    await makeDataset(context, "convert", options, spec, [labels]);
  },
};

function resolution(text: string): readonly [number, number] {
  const [, width, height] = /^(\d{1,4})x(\d{1,4})$/i.exec(text) ?? [];
  const size = [Number(width), Number(height)] as const;
  if (size.every((side) => side >= 1 && side <= 8192)) return size;
  throw new InvalidArgumentError("It must be WIDTHxHEIGHT in pixels, e.g. 64x64, each 1 to 8192.");
}
