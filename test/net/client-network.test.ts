import assert from "node:assert/strict";
import { test } from "node:test";
import { clientNetwork } from "../../src/net/client-network.ts";

test("an IPv4 address is a client, however it is written", () => {
  assert.equal(clientNetwork("192.0.2.7"), "192.0.2.7");
  assert.equal(clientNetwork("::ffff:192.0.2.7"), "192.0.2.7");
});

test("an IPv6 client is its /64", () => {
  const network = "2001:db8:0:1::/64";
  for (const address of ["2001:db8:0:1::", "2001:db8:0:1::7", "2001:db8:0:1:8:9:a:b", "2001:db8:0:1::b%eth0"]) {
    assert.equal(clientNetwork(address), network);
  }
  assert.equal(clientNetwork("2001:db8::1:0:0:1"), "2001:db8:0:0::/64");
  assert.equal(clientNetwork("::1"), "0:0:0:0::/64");
  assert.equal(clientNetwork("fe80::1%lo"), "fe80:0:0:0::/64");
  assert.notEqual(clientNetwork("2001:db8:0:2::7"), network);
});
