import './base.css';
import './sidebar.css';
import './spend.css';
import './call.css';
import './admin.css';
import './admin-form.css';
import './notebook.css';
import './answer.css';
