/** A program that gives back the handle it is sent, which is then a copy. */
process.once("message", (message, handle) => process.send!(message, handle as never, () => process.disconnect()));
