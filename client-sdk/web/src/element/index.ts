/** The element and its parts: loading this defines `<plansync-plan>`. */

import './call.js';
import './changed.js';
import './consent.js';
import './calendar.js';
import './changed.js';
import './comments.js';
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
import './people.js';
import './pick.js';
import './private.js';
import './risks.js';
import './sheet.js';
import './success.js';
import './thirty.js';
import './timeline.js';

export { PlansyncPlan } from './element.js';
