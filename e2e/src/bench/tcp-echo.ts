/** @file A process that sends back every byte it gets: what the wire alone costs. */
import { type AddressInfo, createServer } from "node:net";

const server = createServer((socket) => {
  socket.setNoDelay().pipe(socket);
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
