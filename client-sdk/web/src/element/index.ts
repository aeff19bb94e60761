/** The element and its parts: loading this defines `<plansync-plan>`. */

import './changed.js';
import './field.js';
import './head.js';
import './outline.js';
import './thirty.js';

export { PlansyncPlan } from './element.js';
