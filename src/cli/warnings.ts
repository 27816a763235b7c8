/** What is known to hurt, of settings that are allowed: `--check` says it. */
import { readFileSync } from "node:fs";
import { adminAddress } from "./admin.ts";
import { usableCores } from "./cores.ts";
import type { Plan } from "./plan.ts";
import { exposure } from "./responses.ts";
import type { Settings } from "./settings.ts";

/** Milliseconds for which load balancers keep a connection to a server: AWS's ALB and Azure's 60 s and more. */
const BALANCER = 60_000;

export function warningsOf(settings: Settings, plan: Plan): string[] {
  const { hostname, unix, fd, backlog, admin } = settings;
  const isOpen = unix === undefined && fd === undefined && !isLoopback(hostname);
  return [
    ...(isOpen ? openToTheNetwork(settings) : []),
    ...workers(settings, plan),
    ...(admin !== undefined && !isLoopback(adminAddress(admin).hostname) ? [OPEN_ADMIN] : []),
    ...(backlog > mostQueued()
      ? [`--backlog ${backlog} is cut to the system's ${mostQueued()} (net.core.somaxconn)`]
      : []),
    ...[exposure(settings)].flatMap((line) => (line === undefined ? [] : [line.replace(/^portico: /, "")])),
  ];
}

const OPEN_ADMIN =
  "--admin listens for the whole network, and asks nobody who he is: leave it on loopback, or let a firewall stand before it";

function openToTheNetwork(settings: Settings): string[] {
  const idle = settings["timeouts.idle"];
  const unlimited = (["limits.maxConnections", "limits.maxConnectionsPerClient"] as const).filter(
    (key) => settings[key] === 0,
  );
  return [
    ...(idle > 0 && idle < BALANCER
      ? [
          `timeouts.idle is ${idle / 1000} s: a load balancer that keeps its connections longer, as most do for 60 s, sends requests into ones that are closed; behind one: --idle-timeout 65000`,
        ]
      : []),
    ...unlimited.map((key) => `${key} is 0: nothing keeps a client from taking all the connections there are`),
  ];
}

function workers({ maxRequests, maxRequestsJitter, maxRss }: Settings, plan: Plan): string[] {
  const cores = usableCores();
  const isSupervised = plan.model === "processes" || plan.model === "threads";
  return [
    ...(maxRss > 0 && plan.model !== "processes"
      ? [`--max-rss is for --model processes: nothing is replaced by the model ${plan.model}`]
      : []),
    ...(maxRequests > 0 && !isSupervised
      ? [`--max-requests is for workers: nothing is replaced by the model ${plan.model}`]
      : []),
    ...(plan.workers > 4 * cores
      ? [`${plan.workers} workers share ${cores} cores: more than a few for each only take memory`]
      : []),
    ...(plan.workers > 1 && maxRequests > 0 && maxRequestsJitter === 0
      ? [`--max-requests ${maxRequests} without --max-requests-jitter has all workers replaced at about the same time`]
      : []),
  ];
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || hostname.startsWith("127.");
}

/** Connections that the kernel queues at most (listen(2)); elsewhere than on Linux nobody says. */
function mostQueued(): number {
  try {
    return Number(readFileSync("/proc/sys/net/core/somaxconn", "utf8"));
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
