import { ReactWidget } from '@jupyterlab/ui-components';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import React from 'react';

import { type ModelCard } from '../../api/types';
import { type ISurroundings, Surroundings } from '../../ui/surroundings';
import { FactCard } from './fact-card';

/** How long the pointer rests before the card comes. Milliseconds. */
const REST = 350;
const GAP = 6;

/** The card beside a row. It hangs on the body, because a sidebar clips what sticks out of it. */
export class FactPopup extends ReactWidget {
  constructor(private readonly surroundings: ISurroundings) {
    super();
    this.id = 'jp-mesh-fact-card';
    this.addClass('jp-mesh-FactCard');
    this.node.setAttribute('role', 'tooltip');
    this.hide();
    // The pointer may move onto the card, to read or to copy.
    this.node.addEventListener('pointerenter', () => clearTimeout(this._timer));
    this.node.addEventListener('pointerleave', () => this.dismiss());
  }

  /** Show the card of a model beside its row, once the pointer or the focus has rested there. */
  present(card: ModelCard, row: HTMLElement): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void this.open(card, row), REST);
  }

  /** Take the card away: soon, so that the pointer can reach it, or at once. */
  dismiss(atOnce = false): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this.hide(), atOnce ? 0 : 150);
  }

  override dispose(): void {
    clearTimeout(this._timer);
    super.dispose();
  }

  protected override render(): React.JSX.Element | null {
    return this._card === null ? null : (
      <Surroundings value={this.surroundings}>
        <FactCard card={this._card} />
      </Surroundings>
    );
  }

  private async open(card: ModelCard, row: HTMLElement): Promise<void> {
    this._card = card;
    if (!this.isAttached) {
      Widget.attach(this, document.body);
    }
    MessageLoop.sendMessage(this, Widget.Msg.UpdateRequest);
    await this.renderPromise;
    if (row.isConnected) {
      this.show();
      this.place(row);
    }
  }

  /** Beside the sidebar, on the side with room, and within the window. */
  private place(row: HTMLElement): void {
    const anchor = row.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.node;
    const right = anchor.right + GAP;
    const left = right + width <= window.innerWidth ? right : anchor.left - width - GAP;
    const top = Math.min(anchor.top, window.innerHeight - height - GAP);
    this.node.style.left = `${Math.max(GAP, left)}px`;
    this.node.style.top = `${Math.max(GAP, top)}px`;
  }

  private _card: ModelCard | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
