/** Control groups, as Linux shows them in files. */
import assert from "node:assert/strict";
import os from "node:os";
import { test } from "node:test";
import { usableCores } from "../../src/cli/cores.ts";
import { folder } from "../support/folder.ts";

const all = os.availableParallelism();
const GROUPS: readonly [what: string, cores: number, files: Record<string, string>][] = [
  ["no control groups, as elsewhere than on Linux", all, {}],
  ["no quota", all, { "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n" }],
  ["one core in a container", 1, { "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "100000 100000\n" }],
  ["half a core", 1, { "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "50000 100000\n" }],
  ["one core and a half", 1, { "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n" }],
  ["more than there are", all, { "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "102400000 100000\n" }],
  [
    "a service's quota, within a slice of more",
    1,
    {
      "proc/self/cgroup": "0::/system.slice/shop.service\n",
      "sys/fs/cgroup/system.slice/cpu.max": "max 100000\n",
      "sys/fs/cgroup/system.slice/shop.service/cpu.max": "100000 100000\n",
    },
  ],
  [
    "a slice's quota, and a service without one",
    1,
    {
      "proc/self/cgroup": "0::/system.slice/shop.service\n",
      "sys/fs/cgroup/system.slice/cpu.max": "100000 100000\n",
      "sys/fs/cgroup/system.slice/shop.service/cpu.max": "max 100000\n",
    },
  ],
  [
    "version 1, in a container that is shown the host's path",
    1,
    {
      "proc/self/cgroup": "9:name=systemd:/docker/7f\n4:cpu,cpuacct:/docker/7f\n0::/\n",
      "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000\n",
      "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    },
  ],
  [
    "version 1 without a quota",
    all,
    {
      "proc/self/cgroup": "4:cpu:/\n",
      "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
      "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    },
  ],
];

for (const [what, cores, files] of GROUPS) {
  test(`${what}: ${cores === all ? "all cores" : cores}`, () => {
    assert.equal(usableCores(folder(files)), cores);
  });
}
