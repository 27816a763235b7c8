#!/usr/bin/env python3
# A form and its answer: /cgi-bin/guestbook.py
import html
import os
import sys
import urllib.parse

length = int(os.environ.get("CONTENT_LENGTH", 0))
form = urllib.parse.parse_qs(sys.stdin.buffer.read(length).decode())
name = html.escape(form.get("name", ["nobody"])[0])

sys.stdout.reconfigure(encoding="utf-8")
print("Content-Type: text/html; charset=utf-8")
print()
print(f"""<!doctype html>
<title>Guest book</title>
<p>Last on the porch: {name}</p>
<form method="post"><input name="name"> <button>Sign</button></form>""")
