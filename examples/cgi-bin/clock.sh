#!/bin/sh
# The time by the server's clock, and who asked: /cgi-bin/clock.sh
echo "Content-Type: text/plain"
echo
date
echo "You are $REMOTE_ADDR, and asked for $SCRIPT_NAME${PATH_INFO:-}"
