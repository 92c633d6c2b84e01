#ifndef TEXT_H
#define TEXT_H
int count_words(const char *line);
void upper(char *line);
#endif
