import { statement } from '../sql.js';

/** A portion of all consumers behind $1, and where it ends. */
const PAGE = `page as materialized (select * from consumers where id > $1::bigint order by id limit $2::int),
   ended as (select id as last_id, (select count(*) from page)::int as scanned from page order by id desc limit 1)`;

export interface ConsumerPageRow {
  readonly last_id: string;
  readonly scanned: number;
  /** null: nothing in this portion. */
  readonly id: string | null;
  readonly uuid: string;
  readonly generation: number;
  readonly project: string;
  readonly type: string;
  readonly holds_slots: boolean;
  readonly changed_at_ms: number;
}

const SHOWN = `ended.last_id, ended.scanned, c.id, c.uuid, c.generation, p.external_id as project,
          coalesce(t.name, 'unknown') as type, c.holds_slots,
          (extract(epoch from coalesce(c.updated_at, c.created_at)) * 1000)::float8 as changed_at_ms`;

const NAMED = `left join projects p on p.id = c.project_id left join consumer_types t on t.id = c.consumer_type_id order by c.id`;

const HOLDS = `exists (select 1 from allocations a where a.consumer_id = c.id)`;
const HAS_SLOTS = `exists (select 1 from slot_locks s where s.consumer_id = c.id)`;

/** With allocations, of the types $4 (null: all), that nobody has written for $3 seconds. */
export const listUnchanged = statement<ConsumerPageRow>(
  'consumerAudit.listUnchanged',
  `with ${PAGE}
   select ${SHOWN} from ended
     left join page c on coalesce(c.updated_at, c.created_at) < now() - make_interval(secs => $3::float8) and ${HOLDS}
      and ($4::text[] is null
           or coalesce((select name from consumer_types where id = c.consumer_type_id), 'unknown') = any($4::text[]))
     ${NAMED}`,
);

/** Neither allocations nor slots: nothing that a consumer is there for. */
export const listEmpty = statement<ConsumerPageRow>(
  'consumerAudit.listEmpty',
  `with ${PAGE} select ${SHOWN} from ended left join page c on not ${HOLDS} and not ${HAS_SLOTS} ${NAMED}`,
);

/** Slots, and no allocations that they go with. */
export const listOnlySlots = statement<ConsumerPageRow>(
  'consumerAudit.listOnlySlots',
  `with ${PAGE} select ${SHOWN} from ended left join page c on not ${HOLDS} and ${HAS_SLOTS} ${NAMED}`,
);

/** `holds_slots` says otherwise than the locks. */
export const listWrongFlags = statement<ConsumerPageRow>(
  'consumerAudit.listWrongFlags',
  `with ${PAGE} select ${SHOWN} from ended left join page c on c.holds_slots <> ${HAS_SLOTS} ${NAMED}`,
);

/** Run it under the consumer's row lock. */
export const setFlag = statement(
  'consumerAudit.setFlag',
  `update consumers c set holds_slots = not c.holds_slots where c.id = $1::bigint and c.holds_slots <> ${HAS_SLOTS}`,
);

/** How many names nobody uses. */
export const countUnusedNames = statement<{ readonly projects: number; readonly users: number }>(
  'consumerAudit.countUnusedNames',
  `select (select count(*) from projects n where not exists (select 1 from consumers c where c.project_id = n.id))::int as projects,
          (select count(*) from users n where not exists (select 1 from consumers c where c.user_id = n.id))::int as users`,
);
