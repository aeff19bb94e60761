/** The element and its parts: loading this defines `<plansync-plan>`. */

import './call.js';
import './changed.js';
import './consent.js';
import './field.js';
import './framing.js';
import './head.js';
import './menu.js';
import './outline.js';
import './owners.js';
import './share.js';
import './states.js';
import './summary.js';
import './item.js';
import './outline.js';
import './owners.js';
import './text.js';
import './thirty.js';

export { PlansyncPlan } from './element.js';
