/** @file Marks a Nest provider as the implementation of a service of the contract. */
import { Injectable } from "@nestjs/common";
import { DiscoveryService } from "@nestjs/core";
import type { ServiceImplementation, TsProtoServiceDefinition } from "nice-grpc";
import type { CallInfo } from "./call.js";

/** Metadata of a marked class: its service's definition. */
export const serviceMark = DiscoveryService.createDecorator<TsProtoServiceDefinition>();

/**
 * Class decorator: an injectable that serves `definition`. The compiler checks that the class implements every method:
 * `(request, context) => Promise<Response>`, or an async generator for streams.
 */
export function GrpcService<D extends TsProtoServiceDefinition>(definition: D) {
  return <C extends new (...args: never[]) => ServiceImplementation<D, CallInfo>>(target: C): void => {
    Injectable()(target);
    serviceMark(definition)(target);
  };
}
