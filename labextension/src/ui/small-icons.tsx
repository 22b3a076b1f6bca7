import React from 'react';

/** Shapes of small buttons, in the colour of the text around them. Their buttons name them. */
const SHAPES = {
  close:
    'M19 6.4 17.6 5 12 10.6 6.4 5 5 6.4l5.6 5.6L5 17.6 6.4 19l5.6-5.6 5.6 5.6 1.4-1.4-5.6-5.6z',
  up: 'M7 14l5-5 5 5z',
  down: 'M7 10l5 5 5-5z'
};

export function SmallIcon(props: { shape: keyof typeof SHAPES; size?: number }): React.JSX.Element {
  const { shape, size = 16 } = props;
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">
      <path d={SHAPES[shape]} />
    </svg>
  );
}
