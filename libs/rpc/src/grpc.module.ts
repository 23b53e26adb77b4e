/** @file gRPC in a Nest application context. */
import { type DynamicModule, Module } from "@nestjs/common";
import { DiscoveryModule } from "@nestjs/core";
import { CallCount } from "./call-log.js";
import { GRPC_OPTIONS, type GrpcOptions } from "./grpc-options.js";
import { GrpcServer } from "./grpc-server.js";
import { Metrics } from "./metrics.js";

/** Serves all `@GrpcService` providers of the application once it is up; `GrpcServer` tells where. */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: a Nest module is a class, a dynamic one has a static method.
export class GrpcModule {
  static forRoot(options: GrpcOptions): DynamicModule {
    return {
      module: GrpcModule,
      global: true,
      imports: [DiscoveryModule],
      providers: [
        GrpcServer,
        CallCount,
        { provide: GRPC_OPTIONS, useValue: options },
        { provide: Metrics, inject: [CallCount], useFactory: (calls: CallCount) => new Metrics(() => calls.active) },
      ],
      exports: [GrpcServer, Metrics],
    };
  }
}
