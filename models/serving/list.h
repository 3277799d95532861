/* list.h - doubly linked lists through a flat array of links: the rows are numbered, a row is in
 * at most one list of an array.  For queues from whose middle rows leave. */
#ifndef MODELS_SERVING_LIST_H
#define MODELS_SERVING_LIST_H
#include <stdint.h>

#define LIST_NONE UINT32_MAX
struct link { uint32_t next, prev; };
struct list { uint32_t head, tail; };
#define LIST_EMPTY ((struct list){ LIST_NONE, LIST_NONE })

/* Appends row i. */
static inline void list_push(struct list *list, struct link *links, uint32_t i)
{
	links[i] = (struct link){ .next = LIST_NONE, .prev = list->tail };
	if (list->tail == LIST_NONE)
		list->head = i;
	else
		links[list->tail].next = i;
	list->tail = i;
}
/* Takes row i out, wherever it stands. */
static inline void list_cut(struct list *list, struct link *links, uint32_t i)
{
	struct link link = links[i];

	if (link.prev == LIST_NONE)
		list->head = link.next;
	else
		links[link.prev].next = link.next;
	if (link.next == LIST_NONE)
		list->tail = link.prev;
	else
		links[link.next].prev = link.prev;
}
#endif
