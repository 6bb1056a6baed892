/*
 * hoodiecrow.js - runs hoodiecrow-imap for hoodiecrow.sh
 *
 * usage: hoodiecrow.js PORT STORAGE-FILE
 *
 * The mail is read from the file if it is there, and written to it at SIGTERM.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
"use strict";
const fs = require("fs");
const hoodiecrow = require("hoodiecrow-imap");

const [port, file] = process.argv.slice(2);
const plugins = process.env.PLUGINS ||
	"ID IDLE CONDSTORE ENABLE LITERALPLUS NAMESPACE SPECIAL-USE UIDPLUS UNSELECT MOVE SASL-IR X-GM-EXT-1";

function folder(use) {
	return { "special-use": use ? [use] : [], subscribed: true, messages: [] };
}

function freshStorage() {
	return {
		INBOX: { messages: [] },
		"": {
			separator: "/",
			folders: {
				Drafts: folder("\\Drafts"),
				Sent: folder("\\Sent"),
				Archive: folder("\\Archive"),
				Junk: folder("\\Junk"),
				Trash: folder("\\Trash"),
			},
		},
	};
}

const server = hoodiecrow({
	plugins: plugins.split(" "),
	users: { alice: { password: "secret" } },
	storage: fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : freshStorage(),
});

// It writes answers in pieces; without this each waits for the last to be acknowledged.
server.server.on("connection", (socket) => socket.setNoDelay(true));

process.on("SIGTERM", () => {
	fs.writeFileSync(file, JSON.stringify(server.storage));
	process.exit(0);
});
server.listen(Number(port), "127.0.0.1");
