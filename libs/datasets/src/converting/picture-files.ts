/** @file Pictures in a folder or a ZIP archive, at any depth. */
import { type DatasetFiles, openFiles } from "../files/dataset-files.js";
import { invalidDataset } from "../invalid-dataset.js";
import { checkLabels, folderClasses, folderNames, type Label, labelsOf, parseLabels } from "../samples/labels.js";
import type { PictureFile, PictureSource } from "./picture-source.js";

/**
 * Where labels come from. `auto`: dataset.json if there is one, else folders; `json`: dataset.json, which must be there; `folders`: the
 * index of the top-level folder in sorted order, if there is more than one; `none`; or a label for every name.
 */
export type LabelSource = "auto" | "json" | "folders" | "none" | ReadonlyMap<string, Label>;

const LABELS = "dataset.json";
/** By names, since a tree holds other files too; what cannot be read among them is refused by its bytes. */
const PICTURE = /\.(png|apng|jpe?g|jpe|jfif|webp|gif|bmp|tiff?|avif|heic)$/i;

/**
 * Opens the pictures of a tree. Files of other kinds are left out.
 * @param path a folder or a ZIP archive
 * @throws DomainError RESOURCE_NOT_FOUND; URI_NOT_ALLOWED; DATASET_INVALID naming the file: no pictures, two of one name, a name that
 *   leads out of the archive, labels that do not fit
 */
export async function openPictures(path: string, options: { labels?: LabelSource } = {}): Promise<PictureSource> {
  const files = await openFiles(path);
  try {
    const names = files.names.filter((name) => PICTURE.test(name) && !name.startsWith("__MACOSX/"));
    if (names.length === 0) throw invalidDataset(path, "holds no pictures (.png, .jpg, .webp)");
    return new PictureFiles(files, names, await labelsFrom(files, names, options.labels ?? "auto"));
  } catch (error) {
    await files.close();
    throw error;
  }
}

interface TreeLabels {
  readonly labels: readonly Label[] | undefined;
  readonly classNames?: readonly string[] | undefined;
}

async function labelsFrom(files: DatasetFiles, names: readonly string[], from: LabelSource): Promise<TreeLabels> {
  if (from === "none") return { labels: undefined };
  if (typeof from !== "string") return { labels: labelsOf(files.path, from, names) };
  const hasJson = files.names.includes(LABELS);
  if (from === "json" && !hasJson) throw invalidDataset(files.path, `has no ${LABELS} to take labels from`);
  if (from !== "folders" && hasJson) {
    const text = (await files.read(LABELS)).toString("utf8");
    return { labels: parseLabels(`${files.path}: ${LABELS}`, text, names) };
  }
  const labels = folderClasses(names);
  if (!labels) return { labels };
  checkLabels(files.path, labels, names);
  return { labels, classNames: folderNames(names) };
}

class PictureFiles implements PictureSource {
  readonly path: string;
  readonly labels: readonly Label[] | undefined;
  readonly classNames: readonly string[] | undefined;
  readonly version: string;

  constructor(
    private readonly files: DatasetFiles,
    readonly names: readonly string[],
    { labels, classNames }: TreeLabels,
  ) {
    this.path = files.path;
    this.labels = labels;
    this.classNames = classNames;
    this.version = names.map((name) => files.size(name)).join(" ");
  }

  read(index: number): Promise<Uint8Array> {
    return this.files.read(this.names[index]!);
  }

  fileOf(index: number): PictureFile | undefined {
    const name = this.names[index]!;
    const path = this.files.pathOf?.(name);
    return path === undefined ? undefined : { path, bytes: this.files.size(name) };
  }

  close(): Promise<void> {
    return this.files.close();
  }
}
