/** @file Converts a folder once with so many threads and prints images per second: a process of its own, so that it can be bound to cores. */
import { rm } from "node:fs/promises";
import { convertDataset, openPictures } from "@tandem/datasets";

const [workers, source, output, size] = process.argv.slice(2) as [string, string, string, string];
const side = Number(size);
const pictures = await openPictures(source);
const convert = async (maxImages: number) => {
  await rm(output, { force: true });
  const start = performance.now();
  const options = { transform: "center-crop-dhariwal", width: side, height: side, workers: Number(workers) } as const;
  const { count } = await convertDataset(pictures, output, { ...options, maxImages });
  return (count / (performance.now() - start)) * 1000;
};
console.log(await convert(pictures.names.length));
process.exit(0);
