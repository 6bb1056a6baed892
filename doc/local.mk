# Manual pages and essays, and the demo mailbox.
dist_man_MANS += doc/tern.1 doc/tern-keys.7 doc/tern.conf.5
demodir = $(pkgdatadir)/demo
dist_demo_DATA = contrib/demo/demo.mbox
