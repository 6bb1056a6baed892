/* main() of the program, under another name. */
#ifndef TERN_TESTS_TERNFORK_H
#define TERN_TESTS_TERNFORK_H

int tern_main(int argc, char **argv);

#endif
