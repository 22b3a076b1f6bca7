import { LabIcon } from '@jupyterlab/ui-components';

import { type Residency } from './api/types';
import externalSvg from '../style/icons/external.svg';
import localSvg from '../style/icons/local.svg';
import meshSvg from '../style/icons/mesh.svg';
import regionSvg from '../style/icons/region.svg';
import starOutlineSvg from '../style/icons/star-outline.svg';
import starSvg from '../style/icons/star.svg';

export const meshIcon = new LabIcon({ name: 'jupyter-mesh:mesh', svgstr: meshSvg });
export const starIcon = new LabIcon({ name: 'jupyter-mesh:star', svgstr: starSvg });
export const starOutlineIcon = new LabIcon({
  name: 'jupyter-mesh:star-outline',
  svgstr: starOutlineSvg
});

/** Where text goes: it stays here, stays in a region, or leaves. */
export const residencyIcons: Record<Residency, LabIcon> = {
  local: new LabIcon({ name: 'jupyter-mesh:local', svgstr: localSvg }),
  region: new LabIcon({ name: 'jupyter-mesh:region', svgstr: regionSvg }),
  external: new LabIcon({ name: 'jupyter-mesh:external', svgstr: externalSvg })
};
