/** Reads two of the fields that a browser sends, and answers with both, so that neither read can be left out. */
export default {
  fetch(request) {
    return new Response(`${request.headers.get("accept-language")} ${request.headers.get("user-agent")}`);
  },
};
