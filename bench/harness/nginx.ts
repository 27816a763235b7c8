import { mkdirSync, writeFileSync } from "node:fs";

/**
 * Writes a configuration for one worker process with no log, whose every path lies in a directory of its own, so that it
 * runs without rights. `keepalive_requests` is raised from 1,000: closing connections is not what is measured.
 * @returns the command that runs nginx in the foreground.
 */
export function nginx(serves: string, port: number, files: string, scratch: string): string[] {
  const own = `${scratch}/nginx-${port}`;
  mkdirSync(own);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${own}/${name};`);
  writeFileSync(
    `${own}/nginx.conf`,
    `daemon off;
worker_processes 1;
pid ${own}/pid;
error_log stderr;
events { worker_connections 8192; }
http {
  ${paths.join("\n  ")}
  types { text/html html; }
  default_type text/plain;
  access_log off;
  sendfile on;
  open_file_cache max=100;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port};
    location / { ${locations(files)[serves]} }
  }
}
`,
  );
  return ["nginx", "-e", "stderr", "-c", `${own}/nginx.conf`];
}

function locations(files: string): Record<string, string> {
  return {
    hello: 'return 200 "Hello world!";',
    browser: 'return 200 "$http_accept_language $http_user_agent";',
    file: `root ${files};`,
  };
}
