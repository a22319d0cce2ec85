/** Carries the id of a request out; each answer has its own (spec http.md §8). */
export const REQUEST_ID_HEADER = 'x-openstack-request-id';
