/** The element and its parts: loading this defines `<plansync-plan>`. */

import './changed.js';
import './consent.js';
import './field.js';
import './head.js';
import './outline.js';
import './owners.js';
import './thirty.js';

export { PlansyncPlan } from './element.js';
