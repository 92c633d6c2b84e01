#ifndef CONFIG_H
#define CONFIG_H
#ifndef LINE_MAX_
#define LINE_MAX_ 1000
#endif
#endif
