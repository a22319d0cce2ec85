import { ResourceClassesService } from '#berth/placement';
import { Body, Controller, Delete, Get, Param, Post, Put } from '@nestjs/common';
import { created, noContent, ok, type Answer } from '../http/answer.js';
import { Endpoint } from '../http/endpoint.js';
import { Minor, MountPrefix } from '../http/request-values.js';
import {
  POST_RESOURCE_CLASS_BODIES,
  PUT_RESOURCE_CLASS_BODIES,
  toResourceClassName,
  type PostResourceClassBody,
  type PutResourceClassBody,
} from './resource-classes.dto.js';
import { resourceClassesChangedAt, resourceClassesView, resourceClassView } from './resource-classes.view.js';

const SINCE = 2;

/** Last version at which PUT renames; later ones create or confirm, and ignore their body. */
const RENAMED_UNTIL = 6;

@Controller('resource_classes')
export class ResourceClassesController {
  constructor(private readonly classes: ResourceClassesService) {}

  @Get()
  @Endpoint({
    rule: 'placement:resource_classes:list',
    gates: ['version', 'accept', 'policy'],
    since: SINCE,
    summary: 'List resource classes',
  })
  async list(@MountPrefix() prefix: string): Promise<Answer> {
    const classes = await this.classes.list();
    return ok(resourceClassesView(classes, prefix), { lastModifiedMs: resourceClassesChangedAt(classes) });
  }

  @Post()
  @Endpoint({
    rule: 'placement:resource_classes:create',
    gates: ['version', 'contentType', 'policy'],
    since: SINCE,
    body: POST_RESOURCE_CLASS_BODIES,
    summary: 'Create a custom resource class',
  })
  async create(@Body() { name }: PostResourceClassBody): Promise<Answer> {
    await this.classes.create(name);
    return created({ location: `/resource_classes/${name}` });
  }

  @Get(':name')
  @Endpoint({
    rule: 'placement:resource_classes:show',
    gates: ['version', 'accept', 'policy'],
    since: SINCE,
    summary: 'Show a resource class',
  })
  async show(@Param('name') name: string, @MountPrefix() prefix: string): Promise<Answer> {
    const found = await this.classes.show(name);
    return ok(resourceClassView(found, prefix), { lastModifiedMs: found.changedAtMs });
  }

  @Put(':name')
  @Endpoint({
    rule: 'placement:resource_classes:update',
    gates: ['version', 'contentType', 'policy'],
    since: SINCE,
    contentTypeUntil: RENAMED_UNTIL,
    body: PUT_RESOURCE_CLASS_BODIES,
    bodyUntil: RENAMED_UNTIL,
    summary: 'Create a custom resource class, or confirm that it is there; before 1.7: rename it',
  })
  async put(
    @Param('name') name: string,
    @Body() body: PutResourceClassBody,
    @Minor() minor: number,
    @MountPrefix() prefix: string,
  ): Promise<Answer> {
    if (minor <= RENAMED_UNTIL) return ok(resourceClassView(await this.classes.rename(name, body.name), prefix));
    const isNew = await this.classes.ensure(toResourceClassName(name));
    const location = `/resource_classes/${name}`;
    return isNew ? created({ location }) : noContent({ location });
  }

  @Delete(':name')
  @Endpoint({
    rule: 'placement:resource_classes:delete',
    gates: ['version', 'policy'],
    since: SINCE,
    summary: 'Delete a custom resource class',
  })
  async remove(@Param('name') name: string): Promise<Answer> {
    await this.classes.remove(name);
    return noContent();
  }
}
