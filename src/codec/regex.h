/*
 * Regular expressions, users' and service models': those of Java that can be matched in time linear
 * in the text, whatever the expression. The whole text must match, as with Java's Matcher.matches.
 *
 * Understood: characters and escapes (\t \n \r \f \xHH \x{H..}
 * \uHHHH), . \d \D \w \W \s \S, classes with
 * ranges and negation, ( ) (?: ) (?<name> ), |, ^ $ \A \z \Z, * + ? {n} {n,} {n,m}, each also lazy.
 * Refused: what needs memory of the text or of its surroundings (back references, look-ahead and
 * -behind, possessive quantifiers, \b), flags, \p{..}, and classes within classes.
 */
#ifndef WB_CODEC_REGEX_H
#define WB_CODEC_REGEX_H

#include "base/arena.h"

struct wb_regex;

/* In the arena. NULL with *why (static text) when the pattern is wrong, not understood or too
 * large. */
struct wb_regex *wb_regex_compile(struct wb_arena *a, struct wb_slice pattern, const char **why);

/* The pattern is the program's own: no allowance of steps, WB_REGEX_COSTLY is never answered. */
void wb_regex_trust(struct wb_regex *r);

enum wb_regex_result {
    WB_REGEX_NO,
    WB_REGEX_YES,
    WB_REGEX_COSTLY, /* WB_REGEX_STEPS_MAX steps were not enough: not decided */
};
/* Text in UTF-8; a bad byte counts as U+FFFD. All matches with one compiled expression share its
 * working memory and its allowance of steps: one thread at a time. */
enum wb_regex_result wb_regex_match(struct wb_regex *r, struct wb_slice text);
/* Gives it its whole allowance again. */
void wb_regex_renew(struct wb_regex *r);

/*
 * Finding: the pattern may match anywhere in the text, what its groups took is told, and more is
 * understood: (?i) and (?s), \b and \B. Of several matches the first is taken, of those beginning
 * at one place the one that Java would take. $ is also before a line feed that ends the text.
 */
struct wb_regex_search;
struct wb_regex_search *wb_regex_search_compile(struct wb_arena *a, struct wb_slice pattern,
                                                const char **why);
uint32_t wb_regex_groups(const struct wb_regex_search *r);
/* Of group i, from 0; null when it has none. */
struct wb_slice wb_regex_group_name(const struct wb_regex_search *r, uint32_t i);
/* group: NULL, or room for all of them; after YES what they took, null for no part. COSTLY after
 * WB_REGEX_FIND_STEPS_MAX steps. One thread at a time. */
enum wb_regex_result wb_regex_find(struct wb_regex_search *r, struct wb_slice text,
                                   struct wb_slice *group);

#endif
