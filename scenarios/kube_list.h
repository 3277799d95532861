/* kube_list.h - the items of a Kubernetes List in JSON, one at a time.
 *
 * What `kubectl get ... -o json` prints: {"apiVersion": "v1", "items": [{...}, {...}], ...}.  A
 * cluster of 10,000 nodes makes gigabytes of it, so only one item is ever in memory.  Brackets and
 * strings are followed here; what an item says is for cJSON. */
#ifndef SCENARIOS_KUBE_LIST_H
#define SCENARIOS_KUBE_LIST_H
#include "base/err.h"
#include "base/vec.h"
#include <stdio.h>

/* A larger item is no node or pod.  Source: etcd's limit on a request, 1.5 MiB, with room for
 * indentation. */
enum { KUBE_ITEM_MAX = 64 << 20 };

struct kube_list {
	VEC(char) item;             /* the text of the item, terminated */
	int line;                   /* that it begins on, from 1 */
	/* private */
	const char *path;
	FILE *file;
	int at_line, next;          /* of the byte that comes next; EOF at the end */
	bool inside;                /* of the array */
	int items;                  /* arrays of items met */
};

/* Opens a file, or standard input for "-"; the path is kept by reference.  False with a message
 * where it cannot be read. */
bool kube_list_open(struct kube_list *list, const char *path, struct err *err);
/* The next item: 1; 0 behind the last; -1 with file:line where it is no such list. */
int kube_list_next(struct kube_list *list, struct err *err);
/* Closes the file and frees the item. */
void kube_list_release(struct kube_list *list);
#endif
