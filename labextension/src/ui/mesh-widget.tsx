import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';

import { type ISurroundings, Surroundings } from './surroundings';

/** A component of the mesh as a widget. */
export class MeshWidget extends ReactWidget {
  constructor(
    private readonly surroundings: ISurroundings,
    private readonly content: React.ReactNode
  ) {
    super();
  }

  protected override render(): React.JSX.Element {
    return <Surroundings value={this.surroundings}>{this.content}</Surroundings>;
  }
}
