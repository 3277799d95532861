/* Pods are linked by slot, so that a list needs no memory of its own. */
#include "models/control/state.h"
#include <assert.h>

void list_push(struct control *control, struct list *list, uint32_t id)
{
	struct pod *pod = &control->pods.at[id];

	pod->next = NONE;
	pod->prev = list->n ? list->tail : NONE;
	if (list->n)
		control->pods.at[list->tail].next = id;
	else
		list->head = id;
	list->tail = id;
	list->n++;
}

void list_insert(struct control *control, struct list *list, uint32_t id, uint32_t after)
{
	struct pod *pod = &control->pods.at[id];
	uint32_t next = after == NONE ? list->head : control->pods.at[after].next;

	assert(list->n && next != NONE);
	pod->prev = after;
	pod->next = next;
	control->pods.at[next].prev = id;
	if (after == NONE)
		list->head = id;
	else
		control->pods.at[after].next = id;
	list->n++;
}

void list_remove(struct control *control, struct list *list, uint32_t id)
{
	struct pod *pod = &control->pods.at[id];

	assert(list->n);
	if (pod->prev != NONE)
		control->pods.at[pod->prev].next = pod->next;
	else
		list->head = pod->next;
	if (pod->next != NONE)
		control->pods.at[pod->next].prev = pod->prev;
	else
		list->tail = pod->prev;
	pod->next = pod->prev = NONE;
	list->n--;
}
